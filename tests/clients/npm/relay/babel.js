// What a bundler does for Relay: each `graphql` tag gives way to what the compiler made of it.
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import { transformSync } from "@babel/core";

registerHooks({
  resolve(specifier, context, next) {
    return next(specifier.endsWith(".graphql") ? `${specifier}.js` : specifier, context);
  },
  load(url, context, next) {
    const loaded = next(url, context);
    if (!url.endsWith("/relay/dateline.js")) return loaded;
    const { code } = transformSync(String(loaded.source), {
      filename: fileURLToPath(url),
      plugins: ["relay"],
    });
    return { ...loaded, source: code };
  },
});
