// attempts: write text that is not JSON into the result
// expected: exception|result-not-json
result = JSON.rawJSON('{"a":}');
