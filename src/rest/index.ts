export { listenRest, type RestListening } from './listen';
export { createRestServer, type RestOptions } from './server';
