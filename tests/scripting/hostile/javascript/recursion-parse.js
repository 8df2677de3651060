// attempts: overflow the stack of the parser of JSON
// expected: exception
result = JSON.parse('['.repeat(1e6));
