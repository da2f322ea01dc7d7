import { readConnector } from '../../../src/worker/files/connector-file';
import { parseDocument } from '../../../src/worker/files/document';

const read = (file: string, text: string) => readConnector(parseDocument(file, text));

describe('connector files', () => {
  test('the same connector in every format', () => {
    const config = {
      name: 'c',
      'connector.class': 'FileStreamSource',
      'tasks.max': '1',
      file: '/f',
      flag: 'true',
    };
    const forms = [
      read('c.properties', 'name=c\nconnector.class=FileStreamSource\ntasks.max=1\nfile=/f\nflag=true'),
      read(
        'c.json',
        '{"name":"c","connector.class":"FileStreamSource","tasks.max":1,"file":"/f","flag":true}',
      ),
      read(
        'c.json',
        '{"name":"c","config":{"connector.class":"FileStreamSource","tasks.max":"1","file":"/f","flag":"true"}}',
      ),
      read('c.yaml', 'name: c\nconnector.class: FileStreamSource\ntasks.max: 1\nfile: /f\nflag: true'),
      read(
        'c.yml',
        'name: c\nconfig:\n  connector:\n    class: FileStreamSource\n  tasks.max: 1\n  file: /f\n  flag: true',
      ),
    ];
    for (const form of forms) {
      expect(form.issues).toEqual([]);
      expect(form.config).toEqual(config);
      expect(form.name).toBe('c');
    }
  });

  test('JSON is recognised without its extension, as Connect does', () => {
    expect(read('connector.properties', ' {"name":"j"}').name).toBe('j');
  });

  test('lines of keys, present and missing', () => {
    const yaml = read('c.yaml', 'name: c\n\nerrors:\n  tolerance: all\n');
    expect(yaml.lineOf('errors.tolerance')).toBe(4);
    expect(yaml.lineOf('errors.retry.timeout')).toBe(3);
    const json = read('c.json', '{\n\t"name": "c",\n\t"config": {\n\t\t"file": "x"\n\t}\n}');
    expect(json.lineOf('file')).toBe(4);
    expect(json.lineOf('topic')).toBe(3);
    expect(read('c.properties', '#\nname=c').lineOf('name')).toBe(2);
  });

  test('initial_state, any case; a wrong one is told with the right ones', () => {
    const wrapped = (state: string) => read('c.json', `{"name":"c","config":{},"initial_state":"${state}"}`);
    expect(wrapped('stopped').initialState).toBe('STOPPED');
    expect(wrapped('STOPED').issues[0]!.message).toContain('Did you mean STOPPED?');
  });

  test('unknown fields beside config and a second name are told', () => {
    const { issues } = read('c.json', '{\n"name":"a",\n"configs":{},\n"config":{"name":"b"}\n}');
    expect(issues.map(({ line, message }) => [line, message])).toEqual([
      [3, 'Unrecognized field "configs". Did you mean config?'],
      [4, 'Connector name configuration (b) doesn\'t match connector name "a" beside it'],
    ]);
  });

  test('numbers stay as written, null is refused', () => {
    const { config, issues } = read('c.yaml', 'name: c\na: 1.10\nb: 007\nc: null\nd: [1, x]');
    expect(config).toEqual({ name: 'c', a: '1.10', b: '007', d: '1,x' });
    expect(issues).toMatchObject([{ line: 4, key: 'c', message: 'c has no value' }]);
  });

  test.each([
    ['c.json', '{\n"name": "c",\n}', 3],
    ['c.json', '{"name":\n"c"', 2],
    ['c.json', '{"name": "c",\n"file": }\n', 2],
    ['c.json', '{"name": "c"\n"file": "x"}', 2],
    ['c.json', '{"name": "c",\n"n": 01}', 2],
    ['c.json', '{"name": "c"}\n\n}', 3],
    ['c.json', '{"name": "c",\n"x": "a\tb"}', 2],
    ['c.json', '{"a": [1,\n2,]}', 2],
    ['c.yaml', 'name: c\nname: d', 2],
    ['c.yaml', 'a: b\nc: "d', 2],
    ['c.yaml', '- a\n- b', 1],
  ])('broken %s: %j names line %d', (file, text, line) => {
    expect(read(file, text).issues[0]).toMatchObject({ file, line, severity: 'error' });
  });

  test('a key set twice in .properties is a warning', () => {
    expect(read('c.properties', 'name=a\nname=b').issues).toMatchObject([{ line: 2, severity: 'warning' }]);
  });
});
