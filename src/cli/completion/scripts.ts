/** What each shell is taught: to ask `holdfast` itself. So a script never knows less than the program beside it. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

export const SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: `# bash completion for holdfast
_holdfast() {
  local value
  COMPREPLY=()
  while IFS=$'\\t' read -r value _; do
    if [ "$value" = :files ]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r value; do COMPREPLY+=("$value"); done < <(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}")
      return
    fi
    COMPREPLY+=("$value")
  done < <("\${COMP_WORDS[0]}" __complete bash "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _holdfast holdfast
`,
  zsh: `#compdef holdfast
_holdfast() {
  local value about
  local -a found
  while IFS=$'\\t' read -r value about; do
    if [[ $value == :files ]]; then
      _files
      return
    fi
    found+=("\${value//:/\\\\:}:$about")
  done < <("\${words[1]}" __complete zsh "\${(@)words[2,CURRENT]}" 2>/dev/null)
  _describe -t values holdfast found
}
if [[ $funcstack[1] == _holdfast ]]; then
  _holdfast "$@"
else
  compdef _holdfast holdfast
fi
`,
  fish: `# fish completion for holdfast
function __holdfast_complete
  set -l words (commandline --current-process --tokenize --cut-at-cursor)
  set -l current (commandline --current-token --cut-at-cursor)
  for line in ($words[1] __complete fish $words[2..] "$current" 2>/dev/null)
    if test "$line" = ":files"
      __fish_complete_path "$current"
      return
    end
    echo $line
  end
end
complete --command holdfast --no-files --arguments '(__holdfast_complete)'
`,
};
