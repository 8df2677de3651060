throw new Error("the token is " + context.token);
