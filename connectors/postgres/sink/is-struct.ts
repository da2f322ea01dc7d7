import { Struct } from '../../../src/plugin';

/** Compiled imports are getters behind getters: on the way of every record the class itself is worth holding. */
const StructClass = Struct;

export const isStruct = (value: unknown): value is Struct => value instanceof StructClass;
