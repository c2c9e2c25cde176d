"""The overlays of deploy/k8s, rendered, and what can be said of them without a server: every name that one object has
for another leads to something, with the key or port that is meant."""
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import yaml

WHOLE = ("instroom.reference.", "instroom.access.", "instroom.daykeys.")  # compacted: one partition
ROOT = Path(__file__).resolve().parent.parent.parent
K8S = ROOT / "deploy" / "k8s"
COMPONENTS = ("checkpoint", "encryption", "encryption/on")
OVERLAYS = ("small", "national", "small with all components")
SECRETS = "/etc/instroom/secrets/"
WORKLOADS = {"Deployment", "StatefulSet", "Job", "CronJob"}
CLUSTER_WIDE = {"Namespace"}
OF_OPERATORS = ("strimzi.io/", "cnpg.io/")  # labels of pods that they make
BASIC_AUTH = {"username", "password"}


def renderer():
    if shutil.which("kustomize"):
        return ["kustomize", "build"]
    if shutil.which("kubectl") and "configMapGenerator" not in render_failure(["kubectl", "kustomize"]):
        return ["kubectl", "kustomize"]
    return None


def render_failure(program):
    """Debian's kubectl has a kustomize that is too old for labels: it says so."""
    done = subprocess.run([*program, str(K8S / "small")], check=False, capture_output=True, text=True)
    return "" if done.returncode == 0 or "unknown field" not in done.stderr else "configMapGenerator"


def render(overlay, program):
    """An overlay of K8S, or what an administrator makes of one: it and the components."""
    with tempfile.TemporaryDirectory(prefix="instroom-overlay-") as folder:
        name, _, has_components = overlay.partition(" with ")
        path = K8S / name
        if has_components:
            path = Path(folder)
            above = os.path.relpath(K8S, path.resolve())
            (path / "kustomization.yaml").write_text(yaml.safe_dump({
                "apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization",
                "resources": [f"{above}/{name}"], "components": [f"{above}/{one}" for one in COMPONENTS]}))
        done = subprocess.run([*program, str(path)], check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise ValueError(f"{overlay} cannot be rendered: {done.stderr.strip()}")
    return done.stdout


def beforehand():
    """{secret: its keys} of the table in deploy/k8s/README.md: what an administrator makes."""
    found = {}
    for line in (K8S / "README.md").read_text().splitlines():
        cells = [re.findall(r"`([\w.-]+)`", cell) for cell in line.split("|")[1:3]]
        if line.startswith("| `") and all(cells):
            found |= {name: set(cells[1]) for name in cells[0]}
    return found


def template_of(document):
    spec = document["spec"]
    return spec["jobTemplate"]["spec"]["template"] if document["kind"] == "CronJob" else spec["template"]


def walk(node):
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from walk(value)
    elif isinstance(node, list):
        for value in node:
            yield from walk(value)


class Overlay:
    """The faults of one overlay; known: {program: names of its settings}."""

    def __init__(self, name, text, known):
        self.name, self.known, self.faults = name, known, []
        self.documents = [one for one in yaml.safe_load_all(text) if one]
        self.by = {}
        for one in self.documents:
            self.by.setdefault(one["kind"], {})[one["metadata"]["name"]] = one
        self.pods = [(one["metadata"]["name"], template_of(one)) for one in self.documents if one["kind"] in WORKLOADS]
        self.secrets = beforehand()
        self.used = set()
        for user in self.by.get("KafkaUser", {}):
            self.secrets[user] = {"password", "sasl.jaas.config"}
        for kafka in self.by.get("Kafka", {}):
            self.secrets[f"{kafka}-cluster-ca-cert"] = {"ca.crt", "ca.p12", "ca.password"}
        for cluster in self.by.get("Cluster", {}):
            self.secrets[f"{cluster}-ca"] = {"ca.crt", "ca.key"}

    def fault(self, text):
        self.faults.append(f"deploy/k8s/{self.name}: {text}")

    def expect(self, is_so, text):
        if not is_so:
            self.fault(text)

    def check(self):
        self.check_objects()
        self.check_secrets()
        for name, template in self.pods:
            self.check_pod(name, template["spec"])
        self.check_services()
        self.check_selectors()
        self.check_scaling()
        self.check_versions()
        return self.faults

    # --- names ---

    def check_objects(self):
        for one in self.documents:
            if one["kind"] not in CLUSTER_WIDE:
                self.expect(one["metadata"].get("namespace") == "instroom",
                            f"{one['kind']} {one['metadata']['name']} is in no namespace of ours")

    def need_secret(self, who, name, keys=()):
        self.used.add(name)
        if name not in self.secrets:
            self.fault(f"{who} wants the Secret {name}, which nobody makes")
        for key in keys:
            if name in self.secrets and key not in self.secrets[name]:
                self.fault(f"{who} wants {key} of the Secret {name}, which has {sorted(self.secrets[name])}")

    def check_secrets(self):
        for one in self.documents:
            who = f"{one['kind']} {one['metadata']['name']}"
            for node in walk(one):
                if isinstance(node.get("secret"), dict) and "name" in node["secret"]:
                    keys = [item["key"] for item in node["secret"].get("items", [])]
                    keys = keys or (BASIC_AUTH if who == "Cluster register" else ())
                    self.need_secret(who, node["secret"]["name"], keys)
                for field in ("passwordSecret", "accessKeyId", "secretAccessKey"):
                    if field in node:
                        self.need_secret(who, node[field]["name"], [node[field].get("key", "password")])
                for item in node.get("secretTargetRef", []):
                    self.need_secret(who, item["name"], [item["key"]])
                if "secretName" in node:
                    self.need_secret(who, node["secretName"])
        for name in sorted(set(beforehand()) - self.used):
            self.fault(f"README.md has the Secret {name} made, which nobody uses")

    def need_map(self, who, name, keys=()):
        data = self.by.get("ConfigMap", {}).get(name, {}).get("data")
        if data is None:
            self.fault(f"{who} wants the ConfigMap {name}, which is not there")
        for key in keys:
            self.expect(data is None or key in data, f"{who} wants {key} of the ConfigMap {name}")
        return data or {}

    # --- pods ---

    def check_pod(self, name, spec):
        security = spec.get("securityContext", {})
        self.expect(security.get("runAsNonRoot") and security.get("runAsUser") and
                    security.get("seccompProfile") == {"type": "RuntimeDefault"}, f"{name}: may be root, or any call")
        self.expect(spec.get("automountServiceAccountToken") is False, f"{name}: has a token of Kubernetes")
        files = self.volumes(name, spec)
        for container in spec["containers"]:
            self.check_container(name, spec, container, files)

    def volumes(self, name, spec):
        """The files that are put below SECRETS."""
        files = set()
        for volume in spec.get("volumes", []):
            if "configMap" in volume:
                self.need_map(name, volume["configMap"]["name"])
            if "persistentVolumeClaim" in volume:
                claim = volume["persistentVolumeClaim"]["claimName"]
                self.expect(claim in self.by.get("PersistentVolumeClaim", {}), f"{name}: there is no claim {claim}")
            for source in volume.get("projected", {}).get("sources", []):
                files |= {item["path"] for item in source["secret"].get("items", [])}
        return files

    def check_container(self, name, spec, container, files):
        security = container.get("securityContext", {})
        self.expect(security.get("allowPrivilegeEscalation") is False and security.get("readOnlyRootFilesystem") and
                    security.get("capabilities") == {"drop": ["ALL"]}, f"{name}: is not as restricted as can be")
        self.expect(container.get("resources", {}).get("limits", {}).get("memory"), f"{name}: has no bound on memory")
        ports = {port["name"] for port in container.get("ports", [])}
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            self.expect(not ports or probe in container, f"{name}: has no {probe}")
            port = container.get(probe, {}).get("httpGet", {}).get("port")
            self.expect(port is None or port in ports, f"{name}: {probe} asks port {port}")
        mounted = {mount["name"] for mount in container.get("volumeMounts", [])}
        there = {volume["name"] for volume in spec.get("volumes", [])}
        self.expect(mounted <= there | {"data"}, f"{name}: mounts {mounted - there}")
        self.check_settings(name, container, files)

    def check_settings(self, name, container, files):
        given = {entry["name"]: entry.get("value", "") for entry in container.get("env", [])}
        for source in container.get("envFrom", []):
            given |= self.need_map(name, source["configMapRef"]["name"])
        if not any(one.startswith("INSTROOM_") for one in given):
            return
        program = container["command"][0].removeprefix("instroom-")
        known = self.known.get(program, self.known["instroomctl"])
        for setting in sorted(set(given) - known):
            self.fault(f"{name}: {program} has no setting {setting}")
        named = set(re.findall(rf"{SECRETS}([\w.-]+)", " ".join(given.values())))
        self.expect(named == files, f"{name}: has the files {sorted(files - named)} too many and "
                                    f"{sorted(named - files)} too few for its settings")
        for setting, value in given.items():
            self.check_address(name, setting, value)

    def check_address(self, name, setting, value):
        for host, port in self.addresses(setting, value):
            host = host.removesuffix(".instroom")
            service = self.by.get("Service", {}).get(host, {}).get("spec", {}).get("ports", [])
            ports = {one["port"] for one in service}
            for kafka, document in self.by.get("Kafka", {}).items():
                if host == f"{kafka}-kafka-bootstrap":
                    ports = {one["port"] for one in document["spec"]["kafka"]["listeners"]}
            if host in {f"{cluster}-{role}" for cluster in self.by.get("Cluster", {}) for role in ("rw", "ro", "r")}:
                ports = {5432}
            self.expect(port in ports, f"{name}: {setting} leads to {host}:{port}, which is not there")

    @staticmethod
    def addresses(setting, value):
        if setting in ("INSTROOM_KAFKA_BROKERS", "INSTROOM_REDIS_ADDRESS", "bootstrapServers"):
            return [(one.rpartition(":")[0], int(one.rpartition(":")[2])) for one in value.split(",")]
        if setting.endswith("CONNINFO"):
            return [(re.search(r"host=(\S+)", value)[1], 5432)]
        if setting == "INSTROOM_GATEWAY_URL":
            return [(value.removeprefix("http://"), 80)]
        return []

    # --- between objects ---

    def matching(self, labels):
        return [template for _, template in self.pods
                if labels.items() <= template["metadata"]["labels"].items()]

    def check_services(self):
        services = self.by.get("Service", {})
        for name, service in services.items():
            found = self.matching(service["spec"]["selector"])
            self.expect(len(found) == 1, f"Service {name} leads to {len(found)} workloads")
            ports = {port["name"] for one in found for container in one["spec"]["containers"]
                     for port in container.get("ports", [])}
            for port in service["spec"]["ports"]:
                self.expect(port["targetPort"] in ports, f"Service {name}: nobody has the port {port['targetPort']}")
        for name, monitor in self.by.get("ServiceMonitor", {}).items():
            labels = monitor["spec"]["selector"]["matchLabels"]
            found = [one for one in services.values() if labels.items() <= one["metadata"]["labels"].items()]
            ports = {port["name"] for one in found for port in one["spec"]["ports"]}
            for endpoint in monitor["spec"]["endpoints"]:
                self.expect(endpoint["port"] in ports, f"ServiceMonitor {name} finds no port {endpoint['port']}")
        for name, ingress in self.by.get("Ingress", {}).items():
            for node in walk(ingress):
                if isinstance(node.get("backend"), dict):
                    to = node["backend"]["service"]
                    service = services.get(to["name"], {"spec": {"ports": []}})
                    self.expect(to["port"]["name"] in {port["name"] for port in service["spec"]["ports"]},
                                f"Ingress {name} leads to {to['name']}, which is not there")
                    self.expect(to["port"]["name"] != "status", f"Ingress {name} shows metrics outside")
                self.expect(not re.search(r"^/(metrics|healthz|readyz)?$", str(node.get("path", "/v1"))),
                            f"Ingress {name} shows {node.get('path')} outside")

    def check_selectors(self):
        for kind in ("PodDisruptionBudget", "NetworkPolicy"):
            for name, one in self.by.get(kind, {}).items():
                for node in walk(one["spec"]):
                    for labels in self.selections(node):
                        found = any(key.startswith(OF_OPERATORS) for key in labels) or self.matching(labels)
                        self.expect(found, f"{kind} {name}: no pod has the labels {labels}")
        budgets = [one["spec"]["selector"]["matchLabels"] for one in self.by.get("PodDisruptionBudget", {}).values()]
        for name in (*self.by.get("Deployment", {}), *self.by.get("StatefulSet", {})):
            self.expect(name == "instroom-ctl" or {"app": name} in budgets, f"{name} has no PodDisruptionBudget")
        covered = self.by["NetworkPolicy"]["ours-nothing"]["spec"]["podSelector"]["matchExpressions"][0]["values"]
        apps = {template["metadata"]["labels"]["app"] for _, template in self.pods}
        self.expect(set(covered) == apps, f"NetworkPolicy ours-nothing is of {sorted(set(covered) ^ apps)} too or not")

    @staticmethod
    def selections(node):
        for field in ("selector", "podSelector"):
            selector = node.get(field, {})
            if "matchLabels" in selector:
                yield selector["matchLabels"]
            for expression in selector.get("matchExpressions", []):
                yield from ({expression["key"]: value} for value in expression.get("values", []))

    def check_scaling(self):
        topics = self.by["KafkaTopic"]
        partitions = topics["instroom.raw.1"]["spec"]["partitions"]
        same = {name: one["spec"]["partitions"] for name, one in topics.items() if not name.startswith(WHOLE)}
        self.expect(set(same.values()) == {partitions}, f"topics differ in their partitions: {same}")
        for name, job in self.by["Job"].items():
            container = template_of(job)["spec"]["containers"][0]
            env = {entry["name"]: entry.get("value") for entry in container["env"]}
            self.expect(env.get("INSTROOM_TOPIC_PARTITIONS") == str(partitions), f"{name} wants other partitions")
        for name, one in self.by["ScaledObject"].items():
            target = one["spec"]["scaleTargetRef"]["name"]
            self.expect(target in self.by["Deployment"], f"ScaledObject {name}: there is no Deployment {target}")
            self.expect("replicas" not in self.by["Deployment"].get(target, {"spec": {}})["spec"],
                        f"{target} has a number of replicas, which an apply would set again")
            for trigger in one["spec"]["triggers"]:
                self.check_trigger(name, one["spec"], trigger, topics)
        for name, one in self.by["TriggerAuthentication"].items():
            for item in one["spec"].get("configMapTargetRef", []):
                self.need_map(name, item["name"], [item["key"]])

    def check_trigger(self, name, spec, trigger, topics):
        if trigger["type"] != "kafka":
            return
        data = trigger["metadata"]
        self.check_address(name, "bootstrapServers", data["bootstrapServers"])
        self.expect(data["topic"] in topics, f"{name}: there is no topic {data['topic']}")
        self.expect(spec["maxReplicaCount"] <= topics[data["topic"]]["spec"]["partitions"],
                    f"{name}: more than one per partition")
        self.expect(data["consumerGroup"] == name, f"{name}: its group is {data['consumerGroup']}")
        self.expect(trigger["authenticationRef"]["name"] in self.by["TriggerAuthentication"],
                    f"{name}: there is no TriggerAuthentication {trigger['authenticationRef']['name']}")

    def check_versions(self):
        ours = re.search(r"project\(instroom VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text())[1]
        for name, template in self.pods:
            for container in template["spec"]["containers"]:
                image, _, tag = container["image"].rpartition(":")
                self.expect(not image.endswith("instroom") or tag == ours, f"{name}: its image is {tag}, we are {ours}")
                self.expect(image, f"{name}: its image has no version")
        for name in self.by["Job"]:
            self.expect(name.endswith(ours.replace(".", "-")), f"{name} is not named after {ours}")
        pom = (ROOT / "scripts/kafka/pom.xml").read_text()
        for name, one in self.by["Kafka"].items():
            version = one["spec"]["kafka"]["version"]
            self.expect(f">{version}<" in pom, f"Kafka {name} is {version}, which the tests do not run")


def check(known):
    """What is wrong with the overlays, or None where nothing can render them."""
    program = renderer()
    if program is None:
        return None
    faults = []
    for overlay in OVERLAYS:
        try:
            faults += Overlay(overlay, render(overlay, program), known).check()
        except (ValueError, KeyError) as error:
            faults.append(f"deploy/k8s/{overlay}: {error!r}")
    return faults
