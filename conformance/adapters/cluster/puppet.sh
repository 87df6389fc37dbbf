# The puppet: process 1 of a container. It does what the tester tells it, and says that it has heard.
# An order is a line "number verb arguments"; the answer is a line "number word". Pipes are of this run, in
# $r; what shall hold in later runs of the container, too, stands in files in $d, which outlive it.
d="${KUBELAWS_PUPPET:-/kubelaws/$1}"; r="${KUBELAWS_RUN:-/tmp/.kubelaws}"; serve="$2"; shift 2
mkdir -p "$d" "$r"
nap() { sleep "$1" 2>/dev/null || sleep 1; }
end() { exit "${1:-0}"; }
# A file is there as a whole or not at all.
put() { cat >"$d/.new"; mv "$d/.new" "$d/$1"; }
trap 'end 143' TERM
# Kubernetes turns two dollar signs of a command into one.
read -r pid _ </proc/self/stat; echo "$pid" >"$r/pid"; pid=

# -- probes: .how says what asks and at which port, .says what is answered, the rest is made of the two.
probe() {
  read -r how port <"$d/$1.how"; read -r answer _ <"$d/$1.says"
  if [ "$how" != exec ]; then
    [ "$answer" = refused ] && hang_up "$port" || listen "$port" /bin/sh -c "$serve" "$how" "$d/$1.says"
  elif [ "$answer" = error ]; then rm -f "$d/$1"  # what is not there cannot be run
  elif [ ! -x "$d/$1" ]; then
    printf '%s\n' '#!/bin/sh' 'read -r a _ <"$0.says"' '[ "$a" = timeout ] && exec sleep 600' 'exit "$a"' |
      put "$1.new"
    chmod 755 "$d/$1.new"; mv "$d/$1.new" "$d/$1"
  fi
}
hang_up() { eval "pid=\${pid_$1:-}"; [ -z "$pid" ] || kill "$pid" 2>/dev/null; eval "pid_$1="; }
listen() {
  eval "pid=\${pid_$1:-}"; [ -z "$pid" ] || return 0
  p="$1"; shift
  if nc --help 2>&1 | grep -q -e -lk; then many=-lk; else many=-ll; fi
  nc "$many" -p "$p" -e "$@" </dev/null >/dev/null 2>&1 3>&- 4>&- 5>&- &
  pid=$!; eval "pid_$p=$pid"
}

# -- SIGTERM: "seconds code", or "never"
stopping() {
  [ -z "$ending" ] || return 0
  ending=1
  [ "$1" = 0 ] && end "$2"
  (sleep "$1"; echo "0 end $2" >"$r/orders") &
}
stop() {
  read -r after code <"$d/stop"
  if [ "$after" = never ]; then trap '' TERM; else trap "stopping $after $code" TERM; fi
}

obey() {
  n="$1"; verb="$2"; shift 2
  case "$verb" in
    end) end "$1" ;;
    exit) echo "$n heard" >&4; nap 0.3; end "$1" ;;
    probe) echo "$2 $3" | put "$1.how"; [ -f "$d/$1.says" ] || echo "$4 0" | put "$1.says"; probe "$1" ;;
    answer) echo "$2 $3" | put "$1.says"; probe "$1"; echo "$n heard" >&4 ;;
    hook) echo "$2 $3" | put "$1"; echo "$n heard" >&4 ;;
    stop) echo "$1 $2" | put stop; stop; echo "$n heard" >&4 ;;
    listen)
      if ! command -v nc >/dev/null 2>&1; then echo "$n lacking" >&4; return; fi
      listen "$1" /bin/sh -c :; nap 0.5
      if kill -0 "$pid" 2>/dev/null; then echo "$n heard" >&4; else echo "$n taken" >&4; nap 0.3; end 1; fi ;;
    allocate)
      echo "$n heard" >&4
      # dd keeps its one block resident, because nobody takes it out of the pipe. Killed for memory, it
      # takes the container along, which a kernel without group kill would not do by itself.
      (dd if=/dev/zero of="$r/sink" bs="$1" count=1 2>/dev/null; echo "0 died $?" >&3) & ;;
    # The runtime learns of an OOM kill by another way than of an exit, and should learn of it first.
    died) [ "$1" = 0 ] || { nap 1; end "$1"; } ;;
    *) echo "$n unknown" >&4 ;;
  esac
}

# What is baked in holds until something else was said, in this run or in one before.
for order in "$@"; do
  [ "$order" = -- ] && break
  set -- $order
  case "$1" in
    probe) obey 0 $order ;;
    hook) [ -f "$d/$2" ] || echo "$3 $4" | put "$2" ;;
    stop) [ -f "$d/stop" ] || echo "$2 $3" | put stop ;;
  esac
done
[ ! -f "$d/stop" ] || stop
mkfifo "$r/orders" "$r/answers" "$r/sink"
exec 3<>"$r/orders" 4<>"$r/answers" 5<>"$r/sink"
: >"$d/up"
while :; do
  read -r number verb rest <&3 || continue
  obey "$number" "$verb" $rest
done
