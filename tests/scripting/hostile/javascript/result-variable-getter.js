// attempts: loop for ever when the variable is read
// expected: time-limit
// limits: seconds=0.5
Object.defineProperty(globalThis, 'result', { get() { while (true); } });
