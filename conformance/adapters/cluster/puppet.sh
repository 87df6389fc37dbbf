# The puppet: process 1 of a container. It does what the tester tells it, and says that it has heard.
# An order is a line "number verb argument"; the answer is a line "number word".
d="${KUBELAWS_PUPPET:-/tmp/.kubelaws}"
mkdir -p "$d"
rm -f "$d/orders" "$d/answers" "$d/sink" "$d/ready"
mkfifo "$d/orders" "$d/answers" "$d/sink"
exec 3<>"$d/orders" 4<>"$d/answers" 5<>"$d/sink"
nap() { sleep "$1" 2>/dev/null || sleep 1; }
end() { exit "${1:-0}"; }
trap 'end 143' TERM
obey() {
  case "$2" in
    exit) echo "$1 heard" >&4; nap 0.3; end "$3" ;;
    ready) : >"$d/ready"; echo "$1 heard" >&4 ;;
    unready) rm -f "$d/ready"; echo "$1 heard" >&4 ;;
    ignore-term) trap '' TERM; echo "$1 heard" >&4 ;;
    end-after) trap "sleep $3; end 143" TERM; echo "$1 heard" >&4 ;;
    end-with) trap "end $3" TERM; echo "$1 heard" >&4 ;;
    sleep) echo "$1 heard" >&4; sleep "$3" ;;
    allocate)
      echo "$1 heard" >&4
      # dd keeps its one block resident, because nobody takes it out of the pipe. Killed for memory, it
      # takes the container along, which a kernel without group kill would not do by itself.
      (dd if=/dev/zero of="$d/sink" bs="$3" count=1 2>/dev/null; echo "0 died $?" >&3) & ;;
    # The runtime learns of an OOM kill by another way than of an exit, and should learn of it first.
    died) [ "$3" = 0 ] || { nap 1; end "$3"; } ;;
    *) echo "$1 unknown" >&4 ;;
  esac
}
for order in "$@"; do obey 0 ${order%%=*} ${order#*=}; read -r _ <&4; done
while :; do
  read -r number verb argument <&3 || continue
  obey "$number" "$verb" "$argument"
done
