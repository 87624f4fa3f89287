import { operators } from './cases/operators';
import { testCases } from './support';

describe('wrong operator calls', () => testCases(operators));
