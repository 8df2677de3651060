// attempts: loop for ever in a promise, after the script
// expected: time-limit
// limits: seconds=0.5
Promise.resolve().then(() => { while (true); });
result = 1;
