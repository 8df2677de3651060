// An authorization server for tests: `node server.js RESOURCE`. It prints its issuer when it listens.
// Users log in and consent without a page. Access tokens are JWTs for the resource that the client asks for.
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

const resource = process.argv[2];
const http = createServer();
http.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${http.address().port}`;
  const provider = new Provider(issuer, {
    clients: [
      { client_id: "ships", client_secret: "ships-secret", grant_types: [], response_types: [], redirect_uris: [] },
    ],
    scopes: ["ships:read", "ships:write", "offline_access"],
    clientDefaults: { token_endpoint_auth_method: "client_secret_basic" },
    // Clients register with the scopes that they know first, and may ask for more later.
    extraClientMetadata: {
      properties: ["unlimited"],
      validator: (ctx, key, value, metadata) => {
        delete metadata.scope;
      },
    },
    pkce: { required: () => true },
    routes: { introspection: "/introspect" },
    features: {
      devInteractions: { enabled: false },
      registration: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
      revocation: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource,
        useGrantedResource: () => true,
        getResourceServerInfo: (ctx, indicator) => {
          if (!indicator.startsWith("http://127.0.0.1:")) throw new Error(`unknown resource ${indicator}`);
          return {
            scope: "ships:read ships:write",
            audience: indicator,
            accessTokenTTL: 600,
            accessTokenFormat: indicator.includes("opaque") ? "opaque" : "jwt",
          };
        },
      },
    },
    findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
  });
  provider.use(async (ctx, next) => {
    if (!ctx.path.startsWith("/interaction/")) return next();
    const details = await provider.interactionDetails(ctx.req, ctx.res);
    if (details.prompt.name === "login") {
      return provider.interactionFinished(ctx.req, ctx.res, { login: { accountId: "alice" } });
    }
    const grant = new provider.Grant({ accountId: "alice", clientId: details.params.client_id });
    for (const [indicator, scopes] of Object.entries(details.prompt.details.missingResourceScopes ?? {})) {
      grant.addResourceScope(indicator, scopes.join(" "));
    }
    grant.addOIDCScope((details.prompt.details.missingOIDCScope ?? []).join(" "));
    return provider.interactionFinished(ctx.req, ctx.res, { consent: { grantId: await grant.save() } });
  });
  http.on("request", provider.callback());
  console.log(issuer);
});
