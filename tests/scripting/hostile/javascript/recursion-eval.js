// attempts: overflow the stack of the parser of scripts
// expected: exception
result = eval('('.repeat(1e5) + '1' + ')'.repeat(1e5));
