# attempts: fetch a page
# expected: exception
import urllib.request
result = urllib.request.urlopen('http://127.0.0.1').read()
