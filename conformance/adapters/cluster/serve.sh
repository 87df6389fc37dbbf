# The target of a probe at a port: one connection on standard input and output. $0 is how it is asked, $1
# the file that says what it answers: a word or number, and how many redirects come before it.
read -r answer redirects <"$1"
[ "$answer" = timeout ] && exec sleep 60

http() {
  read -r _ path _
  while read -r line && [ "${#line}" -gt 1 ]; do :; done
  case "$path" in /kubelaws/*) at="${path#/kubelaws/}" ;; *) at=0 ;; esac
  if [ "$at" -lt "$redirects" ]; then
    printf 'HTTP/1.1 302 Found\r\nLocation: /kubelaws/%s\r\n' "$((at + 1))"
  elif [ "$answer" = elsewhere ]; then
    printf 'HTTP/1.1 302 Found\r\nLocation: http://kubelaws.invalid/\r\n'
  elif [ "$answer" = error ]; then  # a body that breaks off
    printf 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\nhalf'
    return
  else
    printf 'HTTP/1.1 %s Said\r\n' "$answer"
  fi
  printf 'Content-Length: 0\r\nConnection: close\r\n\r\n'
}

# HTTP/2 as far as one health check needs it (RFC 9113): frames are read until the question is complete,
# then stream 1 is answered: headers, the message {status}, trailers. Headers are literals (RFC 7541).
grpc() {
  case "$answer" in SERVING) status=001 ;; *) status=002 ;; esac
  printf '\000\000\000\004\000\000\000\000\000'
  dd bs=1 count=24 >/dev/null 2>&1
  while set -- $(dd bs=1 count=9 2>/dev/null | od -An -v -tu1) && [ $# = 9 ]; do
    length=$(($1 * 65536 + $2 * 256 + $3))
    [ "$length" = 0 ] || dd bs=1 count="$length" >/dev/null 2>&1
    case "$4" in
      4) [ "$5" = 1 ] || printf '\000\000\000\004\001\000\000\000\000' ;;
      0)
        printf '\000\000\023\001\004\000\000\000\001\210\137\020application/grpc'
        printf "\\000\\000\\007\\000\\000\\000\\000\\000\\001\\000\\000\\000\\000\\002\\010\\$status"
        printf '\000\000\017\001\005\000\000\000\001\100\013grpc-status\0010' ;;
    esac
  done
}

case "$0" in http) http ;; grpc) grpc ;; esac
