result = {"hello": context["name"]}
