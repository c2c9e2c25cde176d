// Shows what who is logged in may do, or the sentence with which the gateway refuses.
"use strict";

function showRows(body, place, services) {
	for (const service of services) {
		const row = body.insertRow();
		for (const text of [place, service.dienst, service.basis, service.tot ?? "onbepaald"])
			row.insertCell().textContent = text;
	}
}

async function show() {
	const stand = document.getElementById("stand");
	const answer = await fetch("/v1/toegang", { headers: { Accept: "application/json" } });
	const said = await answer.json();

	if (!answer.ok) {
		stand.textContent = said.detail;
		return;
	}
	if (said.partij)
		document.getElementById("partij").textContent = "U handelt namens " + said.partij + ".";
	const table = document.getElementById("toegang");
	for (const board of said.besturen ?? [])
		showRows(table.tBodies[0], board.bestuur, board.diensten);
	showRows(table.tBodies[0], "alle", said.alle_besturen ?? []);
	table.hidden = table.tBodies[0].rows.length === 0;
	stand.textContent = table.hidden ? "U bent voor geen enkel bestuur gemachtigd: vraag het bestuur u te machtigen." : "";
}

show().catch(() => {
	document.getElementById("stand").textContent = "Dit kan nu niet worden opgevraagd: probeer het zo weer.";
});
