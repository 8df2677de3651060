result = context.none.length;
