import { operators } from './cases/operators';
import { testCases } from '../support/bad-input';

describe('wrong operator calls', () => testCases(operators));
