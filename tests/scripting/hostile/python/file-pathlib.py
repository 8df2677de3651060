# attempts: read a file
# expected: exception
import pathlib
result = pathlib.Path('/etc/passwd').read_text()
