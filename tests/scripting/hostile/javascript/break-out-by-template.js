// attempts: swallow what follows it
// expected: exception
result = `
