// attempts: hide what follows it
// expected: exception
result = 1; /*
