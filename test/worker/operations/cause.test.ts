import { MillraceError } from '../../../src/kernel';
import { traceOf } from '../../../src/worker/connector-status';
import { causeOf, messageOf } from '../../../src/worker/operations/cause';

describe('the cause in a trace', () => {
  it('is the chain of messages of ours, with the record it is about', () => {
    const error = new MillraceError(
      'TASK_FAILED',
      "Tolerance exceeded in error handler: stage VALUE_CONVERTER, class JsonConverter, {topic='t', partition=3, offset=42}",
      { cause: new Error('Unexpected token x'), hint: 'errors.tolerance=all skips such records.' },
    );
    expect(causeOf(traceOf(error))).toEqual({
      message: expect.stringMatching(/^Tolerance exceeded .*: Unexpected token x$/),
      stage: 'VALUE_CONVERTER',
      topic: 't',
      partition: 3,
      offset: 42,
    });
  });

  it('is that of a JVM worker without its classes and stack', () => {
    const trace = [
      'org.apache.kafka.connect.errors.ConnectException: Exiting WorkerSinkTask due to unrecoverable exception.',
      '\tat org.apache.kafka.connect.runtime.WorkerSinkTask.deliverMessages(WorkerSinkTask.java:632)',
      'Caused by: java.sql.SQLException: No suitable driver found for jdbc:x',
      '\tat java.sql/java.sql.DriverManager.getConnection(DriverManager.java:708)',
      '\t... 12 more',
    ].join('\n');
    expect(messageOf(trace)).toBe(
      'Exiting WorkerSinkTask due to unrecoverable exception.: No suitable driver found for jdbc:x',
    );
    expect(causeOf(trace)).toMatchObject({ stage: null, topic: null, offset: null });
  });

  it('is cut where it has no end', () => {
    expect(messageOf(`Error: ${'x'.repeat(5000)}`).length).toBeLessThan(700);
  });
});
