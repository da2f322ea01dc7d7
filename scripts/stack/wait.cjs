'use strict';

const delay = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Polls until the condition holds; false when `timeoutMs` have passed before. */
async function poll(condition, timeoutMs, intervalMs = 50) {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    if (await condition()) return true;
    if (Date.now() >= deadline) return false;
    await delay(intervalMs);
  }
}

module.exports = { delay, poll };
