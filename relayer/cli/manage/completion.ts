import type { Command } from "commander";
import { FinalError } from "../../errors";

const SHELLS = ["bash", "zsh", "fish"] as const;

/** A script for the shell to source: it completes commands, their subcommands and options. */
export function completion(program: Command, shell: string): string {
  const known = SHELLS.find((name) => name === shell);
  if (known === undefined) {
    throw new FinalError("BAD_REQUEST", `Completion is written for ${SHELLS.join(", ")}.`);
  }
  const words = wordsOf(program);
  switch (known) {
    case "bash":
      return bash(words);
    case "zsh":
      return `autoload -U +X bashcompinit && bashcompinit\n${bash(words)}`;
    case "fish":
      return fish(words);
    default: {
      const impossible: never = known;
      return impossible;
    }
  }
}

/** What may follow each path of commands: "" is the program itself, "job" its subcommand. */
function wordsOf(program: Command): ReadonlyMap<string, readonly string[]> {
  const words = new Map<string, readonly string[]>();
  const visit = (command: Command, path: string): void => {
    const options = command.options.flatMap(({ long }) => long ?? []);
    words.set(path, [...command.commands.map((child) => child.name()), ...options, "--help"]);
    for (const child of command.commands) {
      visit(child, path === "" ? child.name() : `${path} ${child.name()}`);
    }
  };
  visit(program, "");
  return words;
}

function bash(words: ReadonlyMap<string, readonly string[]>): string {
  const cases = [...words].map(([path, next]) => `    "${path}") words="${next.join(" ")}" ;;`);
  return `_cocoon() {
  local path="" word words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ $word == -* ]] || path="\${path:+$path }$word"
  done
  case "$path" in
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _cocoon cocoon
`;
}

function fish(words: ReadonlyMap<string, readonly string[]>): string {
  const lines = [...words].map(([path, next]) => {
    const seen =
      path === "" ? "__fish_use_subcommand" : `__fish_seen_subcommand_from ${path.split(" ").at(-1)}`;
    return `complete -c cocoon -f -n "${seen}" -a "${next.join(" ")}"`;
  });
  return `${lines.join("\n")}\n`;
}
