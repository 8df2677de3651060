// attempts: overflow the stack of the parser of patterns
// expected: exception|memory-limit
result = new RegExp('('.repeat(1e6));
