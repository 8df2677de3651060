// attempts: reach Java, as in other engines of this language
// expected: exception
result = Java.type('java.lang.System').getenv();
