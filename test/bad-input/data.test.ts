import { data } from './cases/data';
import { testCases } from '../support/bad-input';

describe('data that no tensor can be made of', () => testCases(data));
