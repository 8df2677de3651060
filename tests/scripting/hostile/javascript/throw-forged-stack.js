// attempts: throw an exception with a forged place
// expected: exception
const error = new Error('x');
error.stack = '/etc/passwd:1:1\n<input>:999999999:1\n' + 'x'.repeat(1e6);
throw error;
