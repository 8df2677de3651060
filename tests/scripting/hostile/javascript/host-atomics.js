// attempts: block a thread
// expected: exception
result = Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1e9);
