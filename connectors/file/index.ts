import { directorySource } from './directory/source';
import { fileSink } from './sink/sink';
import { fileStreamSink } from './stream/sink';
import { fileStreamSource } from './stream/source';

export default [fileStreamSource, fileStreamSink, directorySource, fileSink];
