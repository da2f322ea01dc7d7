import { decodeDescriptor } from '../../../src/schemas/protobuf/descriptor-decode';
import { encodeDescriptor } from '../../../src/schemas/protobuf/descriptor-encode';
import { linkProto } from '../../../src/schemas/protobuf/link';
import { parseProto } from '../../../src/schemas/protobuf/parse';
import { printProto } from '../../../src/schemas/protobuf/print';

const encode = (text: string): Buffer => encodeDescriptor(linkProto(parseProto(text), []), 'a.proto');
const roundTrip = (text: string): string => printProto(decodeDescriptor(encode(text)));

test('what a compiler would write, for a small file', () => {
  const bytes = encode('syntax = "proto3"; package p; message M { int32 first_id = 1; }');
  expect(bytes.toString('latin1')).toBe(
    '\n\x07a.proto\x12\x01p"\x15\n\x01M\x12\x10\n\bfirst_id\x18\x01 \x01(\x05' + 'b\x06proto3',
  );
});

test.each([
  [
    'proto3',
    `syntax = "proto3";
package com.acme;

import public "google/protobuf/timestamp.proto";

option java_package = "x";
option optimize_for = CODE_SIZE;

message Order {
  reserved 4;
  reserved 7 to 9;
  reserved "old";

  option deprecated = true;

  string id = 1;
  optional int32 n = 2 [json_name = "N"];
  repeated .com.acme.Order.LinesEntry lines = 3;
  repeated int64 many = 16 [packed = false];
  .google.protobuf.Timestamp at = 17;
  .com.acme.State state = 18 [deprecated = true];

  oneof pay {
    string card = 5;
    bytes cash = 6;
  }

  message Line {}
  message LinesEntry {
    option map_entry = true;

    string key = 1;
    .com.acme.Order.Line value = 2;
  }
}
enum State {
  option allow_alias = true;
  NEW = 0;
  OLD = -1 [deprecated = true];
  ALSO_OLD = -1;
}

service Orders {
  rpc Get (.com.acme.Order) returns (stream .com.acme.Order);
}
`,
  ],
  [
    'proto2',
    `syntax = "proto2";

message A {
  required string a = 1 [default = "x"];
  optional double d = 2 [default = -1.5];

  repeated group Item = 3 {
    optional int32 n = 4;
  }

  extensions 100 to max;
}

extend .A {
  repeated int32 numbers = 101;
}
`,
  ],
])('%s comes back as it was', (_syntax, text) => {
  expect(roundTrip(text)).toBe(text);
});

test('what is no descriptor is refused', () => {
  for (const bytes of [Buffer.alloc(0), Buffer.from('hello there'), Buffer.from([0x0a, 0xff])])
    expect(() => decodeDescriptor(bytes)).toThrow();
});
