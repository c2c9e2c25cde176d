// A provider of logins for tests and for whoever tries the front (OpenID Connect, NL GOV profile): invented people, no
// passwords. Usage: node provider.mjs DIR, and DIR/provider.json says the rest (scripts/private_stack/front.py).
//
// Access tokens are signed JWTs (RFC 9068) for one audience, with acr, and represents for who acts for a party.
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const dir = process.argv[2];
const set = JSON.parse(readFileSync(join(dir, "provider.json"), "utf8"));
const realNow = Date.now.bind(Date);
Date.now = () => realNow() + (set.clock_s ?? 0) * 1000;

const { default: Provider } = await import(pathToFileURL(join(set.npm, "node_modules/oidc-provider/lib/index.js")));

// The first key signs; those behind it are of before.
function signingKeys() {
	const file = join(dir, "keys.json");
	const keys = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : [];
	if (keys.length === 0 || set.new_key) {
		const made = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" });
		keys.unshift({ ...made, kid: `key-${keys.length + 1}`, use: "sig", alg: "PS256" });
		writeFileSync(file, JSON.stringify(keys), { mode: 0o600 });
	}
	return keys;
}

function represents(person) {
	return person.kvk ? { represents: { sub: person.kvk, sub_id_type: "urn:etoegang:1.9:EntityConcernedID:KvKnr",
					    iss: set.issuer } } : {};
}

const clientKey = createPublicKey(readFileSync(join(dir, "client.crt"))).export({ format: "jwk" });
const provider = new Provider(set.issuer, {
	jwks: { keys: signingKeys() },
	clients: [{
		client_id: set.client, redirect_uris: [`${set.front}/aanmelden`], post_logout_redirect_uris: [`${set.front}/`],
		token_endpoint_auth_method: "private_key_jwt", token_endpoint_auth_signing_alg: "RS256",
		jwks: { keys: [{ ...clientKey, kid: set.client_key, use: "sig", alg: "RS256" }] },
		id_token_signed_response_alg: "PS256",
	}],
	cookies: { keys: [set.cookie_key] },
	conformIdTokenClaims: false,
	claims: { openid: ["sub", "name", "acr"] },
	acrValues: [...new Set(Object.values(set.people).map((person) => person.acr))],
	pkce: { required: () => true },
	enabledJWA: { idTokenSigningAlgValues: ["PS256", "RS256"], clientAuthSigningAlgValues: ["RS256"] },
	ttl: { AccessToken: set.token_s, IdToken: set.login_s, Session: 3600, Grant: 3600, Interaction: 600 },
	findAccount: (_, id) => set.people[id] && {
		accountId: id, claims: () => ({ sub: id, name: set.people[id].name }),
	},
	extraTokenClaims: (_, token) => {
		const person = set.people[token.accountId];
		return { acr: person.acr, ...represents(person) };
	},
	// nobody is asked whether the one service that there is may know who he is
	loadExistingGrant: async (ctx) => {
		const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId,
							    accountId: ctx.oidc.session.accountId });
		grant.addOIDCScope("openid");
		grant.addResourceScope(set.audience, "openid");
		await grant.save();
		return grant;
	},
	interactions: { url: (_, interaction) => `/inloggen/${interaction.uid}` },
	features: {
		devInteractions: { enabled: false },
		rpInitiatedLogout: { enabled: true },
		resourceIndicators: {
			enabled: true,
			defaultResource: () => set.audience,
			useGrantedResource: () => true,
			getResourceServerInfo: () => ({
				scope: "openid", audience: set.audience, accessTokenTTL: set.token_s,
				accessTokenFormat: "jwt", jwt: { sign: { alg: "PS256" } },
			}),
		},
	},
});
provider.on("server_error", (_, error) => console.error(error));
for (const event of ["grant.error", "authorization.error", "end_session.error"])
	provider.on(event, (_, error) => console.error(`${event}: ${error.message}: ${error.error_description}`));

function form(uid) {
	const rows = Object.entries(set.people).map(([id, person]) =>
		`<p><button name="wie" value="${id}">${person.name}</button> ${person.what}</p>`);
	return `<!DOCTYPE html><html lang="nl"><meta charset="utf-8"><title>Proefaanmelding</title>
<h1>Proefaanmelding: wie bent u?</h1><form method="post" action="/inloggen/${uid}">${rows.join("\n")}</form>`;
}

async function chosen(request) {
	let body = "";
	for await (const piece of request)
		body += piece;
	return new URLSearchParams(body).get("wie");
}

async function interact(request, response) {
	const { uid } = await provider.interactionDetails(request, response);
	if (request.method !== "POST") {
		response.setHeader("Content-Type", "text/html");
		response.end(form(uid));
		return;
	}
	const who = await chosen(request);
	if (!set.people[who])
		throw new Error("there is nobody of that name");
	await provider.interactionFinished(request, response, { login: { accountId: who, acr: set.people[who].acr,
									 remember: false } });
}

const answer = provider.callback();
createServer({ cert: readFileSync(join(dir, "provider.crt")), key: readFileSync(join(dir, "provider.key")) },
	     (request, response) => {
	if (!request.url.startsWith("/inloggen/"))
		return answer(request, response);
	return interact(request, response).catch((error) => {
		console.error(error);
		response.statusCode = 400;
		response.end("Opnieuw beginnen");
	});
}).listen(set.port, "127.0.0.1");
