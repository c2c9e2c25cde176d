#!/usr/bin/python3
"""Levert een bestand en wacht op de terugmelding: een voorbeeld van een client, met niets dan Python.

  lever.py ADRES BESTUUR SOORT VOLGNUMMER EXTRACTIEDATUM BESTAND

Het token staat in de omgevingsvariabele INSTROOM_TOKEN; een eigen CA in INSTROOM_CA. De terugmelding komt op de
standaarduitvoer. Een bestand dat op .xml eindigt gaat als XML. Eindigt met 0: alles is verwerkt; 1: er zijn regels
afgekeurd, of er wordt op uw bevestiging gewacht; 2: de levering is geweigerd of niet aangekomen.
"""
import base64
import email.utils
import hashlib
import http.client
import json
import os
import ssl
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

POGINGEN = 20
WACHT_S = 5  # als het antwoord het niet zegt
WACHT_HOOGSTENS_S = 300
GAAT_OVER = (408, 425, 429, 502, 503, 504)
LAAT_WETEN_S = 3600  # zo lang kan het duren op de laatste dag


class Geweigerd(Exception):
    pass


class NietDoorsturen(urllib.request.HTTPRedirectHandler):
    """Wie doorstuurt is Instroom niet: het token mag niet mee naar een ander adres."""

    def redirect_request(self, *_):
        return None


class Instroom:
    def __init__(self, adres):
        self.adres = adres.strip().rstrip("/")
        self.token = os.environ.get("INSTROOM_TOKEN", "").strip("\ufeff \t\r\n")
        context = ssl.create_default_context(cafile=os.environ.get("INSTROOM_CA"))
        self.opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), NietDoorsturen)

    def vraag_een_keer(self, pad, inhoud, koppen):
        verzoek = urllib.request.Request(self.adres + pad, data=inhoud,
                                         headers={"Authorization": f"Bearer {self.token}"} | koppen)
        return self.opener.open(verzoek, timeout=120)

    def vraag(self, pad, inhoud=None, **koppen):
        """Het antwoord. Alleen wat vanzelf overgaat wordt nog eens geprobeerd; hetzelfde verzoek twee keer sturen kan
        geen kwaad: een levering met hetzelfde leveringsid en bestand telt een keer."""
        koppen = {naam.replace("_", "-"): waarde for naam, waarde in koppen.items()}
        if not self.adres.startswith(("http://", "https://")):
            raise Geweigerd(f"{self.adres} is geen adres: het begint met https://")
        for poging in range(POGINGEN):
            try:
                with self.vraag_een_keer(pad, inhoud, koppen) as antwoord:
                    return antwoord.status, antwoord.read().decode()
            except urllib.error.HTTPError as fout:
                wacht_s = pauze_s(fout.headers.get("Retry-After"))
                if fout.code not in GAAT_OVER or poging == POGINGEN - 1 or wacht_s > WACHT_HOOGSTENS_S:
                    raise Geweigerd(f"{fout.code}: {leg_uit(fout)}") from fout
            except UnicodeDecodeError as fout:
                raise Geweigerd("een antwoord dat niet van Instroom is") from fout
            except (ValueError, http.client.InvalidURL) as fout:  # en wat niet in een kop kan staan
                raise Geweigerd(f"{self.adres} is geen adres of INSTROOM_TOKEN geen token") from fout
            except (OSError, http.client.HTTPException) as fout:  # ook een antwoord dat halverwege ophoudt
                if poging == POGINGEN - 1:
                    raise Geweigerd(f"{self.adres} is niet te bereiken: {fout}") from fout
                wacht_s = WACHT_S
            time.sleep(wacht_s)
        raise AssertionError

    def lever(self, bestuur, soort, volgnummer, extractiedatum, inhoud, vorm="text/csv"):
        """Het leveringsid, als de ontvangst van precies deze inhoud is bevestigd, en waar de samenvatting staat."""
        som = hashlib.sha256(inhoud).digest()
        # een andere kop is een andere levering; hoogstens 36 tekens, ook met een volgnummer van 19 cijfers
        kenmerk = hashlib.sha256(f"{soort} {extractiedatum} {som.hex()}".encode()).hexdigest()
        leveringsid = f"{bestuur}-{volgnummer}-{kenmerk[:10]}"
        velden = urllib.parse.urlencode({"bestuur": bestuur, "soort": soort, "volgnummer": volgnummer,
                                         "extractiedatum": extractiedatum, "leveringsid": leveringsid})
        status, tekst = self.vraag(f"/v1/leveringen?{velden}", inhoud, Content_Type=vorm,
                                   Content_Digest=f"sha-256=:{base64.b64encode(som).decode()}:")
        bewijs = lees(tekst)
        # 200: deze levering was al bekend
        if bewijs.get("leveringsid") != leveringsid or status == 202 and bewijs.get("sha256") != som.hex():
            raise Geweigerd("het antwoord is niet het ontvangstbewijs van deze levering")
        plaats = f"/v1/besturen/{bestuur}/leveringen/{leveringsid}"
        positie = urllib.parse.urlencode({"positie": bewijs["positie"]}) if bewijs.get("positie") else ""
        return plaats, positie

    def wacht_op_samenvatting(self, plaats, positie):
        einde = time.monotonic() + LAAT_WETEN_S
        while True:
            _, tekst = self.vraag(f"{plaats}?{positie}" if positie else plaats)
            samenvatting = lees(tekst)
            is_ontvangen = samenvatting.get("status") == "ontvangen"  # en nog niet verwerkt: zonder tellingen
            if "status" not in samenvatting or not (is_ontvangen or isinstance(samenvatting.get("tellingen"), dict)):
                raise Geweigerd("het antwoord is niet de samenvatting van een levering")
            if not is_ontvangen:
                return samenvatting
            if time.monotonic() > einde:
                raise Geweigerd(f"de levering is ontvangen, maar nog niet verwerkt: vraag later om {plaats}")
            time.sleep(1)


def lees(antwoord):
    """Een status die goed is, zegt niet van wie het antwoord komt."""
    try:
        inhoud = json.loads(antwoord)
    except ValueError:
        inhoud = None
    if not isinstance(inhoud, dict):
        raise Geweigerd("een antwoord dat niet van Instroom is")
    return inhoud


def pauze_s(na):
    """Retry-After: seconden, of een tijdstip; wat geen van beide is, zegt niets."""
    try:
        return max(int(na), 0)
    except (TypeError, ValueError):
        pass
    try:
        return max(email.utils.parsedate_to_datetime(na).timestamp() - time.time(), 0)
    except (TypeError, ValueError, OverflowError):
        return WACHT_S


def regels_van(levering):
    """De bevindingen over de levering zelf; die over de regels staan in de terugmelding."""
    return [f"{een['code']} {een['veld']}".strip() + f": {een['melding']}" for een in levering.get("bevindingen", [])]


def leg_uit(fout):
    """De zin van een weigering, en de bevindingen van de levering."""
    if 300 <= fout.code < 400:
        return f"er wordt doorgestuurd naar {fout.headers.get('Location')}; is dat goed, gebruik dan dat adres"
    try:
        probleem = json.loads(fout.read())
        return "\n  ".join([probleem["detail"], *regels_van(probleem.get("levering") or {})])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, http.client.HTTPException):
        return "een antwoord dat niet van Instroom is"


def main():
    if len(sys.argv) != 7:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    adres, bestuur, soort, volgnummer, extractiedatum, bestand = sys.argv[1:]
    try:
        instroom, inhoud = Instroom(adres), Path(bestand).read_bytes()
    except (OSError, ValueError) as fout:
        print(f"{bestand} of {os.environ.get('INSTROOM_CA', 'de lijst van CA-certificaten')} is niet te lezen: {fout}",
              file=sys.stderr)
        return 2
    if not instroom.token:
        print("INSTROOM_TOKEN is leeg: daar hoort het token in", file=sys.stderr)
        return 2
    try:
        vorm = "application/xml" if bestand.lower().endswith(".xml") else "text/csv"
        plaats, positie = instroom.lever(bestuur, soort, volgnummer, extractiedatum, inhoud, vorm)
        samenvatting = instroom.wacht_op_samenvatting(plaats, positie)
        _, terugmelding = instroom.vraag(f"{plaats}/terugmelding")
    except Geweigerd as fout:
        print(fout, file=sys.stderr)
        return 2
    print(terugmelding, end="")
    print("\n  ".join([f"{samenvatting['leveringsid']}: {samenvatting['status']}", *regels_van(samenvatting)]),
          file=sys.stderr)
    tellingen = samenvatting["tellingen"]
    is_goed = samenvatting["status"] == "verwerkt" and tellingen["afgekeurd"] + tellingen["quarantaine"] == 0
    return 0 if is_goed else 1


if __name__ == "__main__":
    sys.exit(main())
