/** All that a plug-in may import: the contract, and the parts of the kernel it speaks. */
export * from '../kernel';
export * from './contract';
