# attempts: overflow the stack of the parser of JSON
# expected: exception|crash|result-not-json
import json
result = json.loads('[' * 10**6)
