result = {"mode": context["mode"], "keys": sorted(context.keys())}
