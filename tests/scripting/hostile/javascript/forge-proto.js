// attempts: change the prototype of the result
// expected: result {"__proto__":{"admin":true},"a":1}
result = JSON.parse('{"__proto__": {"admin": true}}');
result.a = 1;
