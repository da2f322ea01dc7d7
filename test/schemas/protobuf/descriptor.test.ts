import { readFileSync } from 'node:fs';
import path from 'node:path';
import { DataError } from '../../../src/kernel';
import type { ProtoFile } from '../../../src/schemas/protobuf/ast';
import { decodeDescriptor } from '../../../src/schemas/protobuf/descriptor-decode';
import { encodeDescriptor } from '../../../src/schemas/protobuf/descriptor-encode';
import { linkProto } from '../../../src/schemas/protobuf/link';
import { normalizeProto } from '../../../src/schemas/protobuf/normalize';
import { parseProto } from '../../../src/schemas/protobuf/parse';
import { printProto } from '../../../src/schemas/protobuf/print';
import { readProto } from '../../../src/schemas/protobuf/schema-text';
import { FieldWriter } from '../../../src/schemas/protobuf/wire';
import { repositoryRoot } from '../../support/process';

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

interface Golden {
  readonly descriptors: Readonly<Record<string, { readonly text: string; readonly base64: string }>>;
}

const golden = JSON.parse(
  readFileSync(path.join(repositoryRoot, 'test/golden/protobuf/vectors.json'), 'utf8'),
) as Golden;

test.each(Object.entries(golden.descriptors))(
  '%s: what protoc compiled means the same as its text',
  (_name, { text, base64 }) => {
    const normal = (file: ProtoFile) => printProto(normalizeProto(linkProto(file, [])));
    expect(normal(readProto(base64))).toBe(normal(parseProto(text)));
    // Ours keeps every byte of its own text.
    const written = parseProto(text);
    const again = decodeDescriptor(encodeDescriptor(linkProto(written, []), 'x.proto'));
    expect(normal(again)).toBe(normal(written));
  },
);

test('options, those of extensions too, come through', () => {
  const text = `syntax = "proto3";
package p;

import "google/protobuf/descriptor.proto";

option java_package = "x";
option (p.file_note) = "n";

message M {
  option (p.rule) = {
    level: HIGH,
    names: [
      "a",
      "b"
    ],
    inner: {
      ratio: 0.5,
      big: -9007199254740993
    }
  };

  string a = 1 [
    deprecated = true,
    (confluent.field_meta) = {
      params: [
        {
          value: "2",
          key: "scale"
        }
      ],
      tags: [
        "PII"
      ]
    },
    (p.secret) = true
  ];
}
message Rule {
  Level level = 1;
  repeated string names = 2;
  Inner inner = 3;

  message Inner {
    double ratio = 1;
    sint64 big = 2;
  }
}
enum Level {
  LOW = 0;
  HIGH = 1;
}

extend .google.protobuf.FileOptions {
  string file_note = 50000;
}
extend .google.protobuf.MessageOptions {
  .p.Rule rule = 50001;
}
extend .google.protobuf.FieldOptions {
  bool secret = 50002;
}
`;
  const decoded = decodeDescriptor(encode(text));
  const normal = (file: ProtoFile) => printProto(normalizeProto(linkProto(file, [])));
  expect(normal(decoded)).toBe(normal(parseProto(text)));
  expect(printProto(decoded)).toContain('value: "2",\n          key: "scale"');
});

test('a descriptor nested too deep, or with names that are none, is refused', () => {
  let bytes = Buffer.from([0x0a, 1, 65]);
  for (let i = 0; i < 20_000; i++) {
    const size: number[] = [];
    for (let rest = bytes.length; ; rest >>>= 7) {
      size.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
      if (rest <= 0x7f) break;
    }
    bytes = Buffer.concat([Buffer.from([0x0a, 1, 65, 0x1a]), Buffer.from(size), bytes]);
  }
  expect(() => readProto(Buffer.concat([Buffer.from([0x22]), bytes]).toString('base64'))).toThrow(DataError);
  const named = new FieldWriter().text(1, 'a.proto').message(4, (w) => void w.text(1, 'A {} message B'));
  expect(() => readProto(named.text(12, 'proto3').finish().toString('base64').padEnd(60, '='))).toThrow(
    DataError,
  );
});
