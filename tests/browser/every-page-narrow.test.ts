// Every page on a telephone.
import { testEveryPage } from './support/usable.js';

testEveryPage(375);
