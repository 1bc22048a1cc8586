/* Swagger UI, which keeps a test key until the tab is closed, so that a reload does not ask for it again.
   A live key moves money and is never stored: it is typed in again. */

const KEPT = "zampay-test-account";
const TEST_KEY = /^zp_test_/;

function keep(account) {
  if (TEST_KEY.test(account.apiKey ?? "")) {
    sessionStorage.setItem(KEPT, JSON.stringify(account));
  } else {
    sessionStorage.removeItem(KEPT);
  }
}

function authorized(system) {
  const found = system.authSelectors.authorized().toJS();
  return { apiKey: found.apiKey?.value, tenant: found.tenant?.value };
}

const keepTestKeys = () => ({
  statePlugins: {
    auth: {
      wrapActions: Object.fromEntries(
        ["authorize", "logout"].map((name) => [
          name,
          (original, system) => (...given) => {
            const result = original(...given);
            keep(authorized(system));
            return result;
          },
        ]),
      ),
    },
  },
});

const ui = SwaggerUIBundle({
  url: "/api/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  validatorUrl: null,
  plugins: [keepTestKeys],
  onComplete: () => {
    const account = JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
    for (const [name, value] of Object.entries(account)) {
      if (value) ui.preauthorizeApiKey(name, value);
    }
  },
});
