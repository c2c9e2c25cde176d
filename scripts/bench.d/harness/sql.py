"""sql: one psql that stays, so that asking where the cursor stands costs about a millisecond and no new backend."""
import subprocess

from private_stack.places import StackError

END = "--bench-end--"


class Sql:
    def __init__(self, conninfo):
        self.process = subprocess.Popen(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", conninfo], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, statement):
        """Lines of the answer, columns separated by |."""
        self.process.stdin.write(f"{statement};\n\\echo {END}\n")
        self.process.stdin.flush()
        lines = []
        for line in self.process.stdout:
            if line.rstrip("\n") == END:
                return lines
            lines.append(line.rstrip("\n"))
        raise StackError(f"PostgreSQL refused: {statement}")

    def one(self, statement):
        return self.ask(statement)[0]

    def close(self):
        self.process.stdin.close()
        self.process.wait()
