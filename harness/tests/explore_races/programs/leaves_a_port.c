/* Ends a connection first, so that its port stays taken for a minute (tcp(7),
   TIME_WAIT). Exits with 3 if somebody before has left it so. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(8080)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int server = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(server, (struct sockaddr *)&to, sizeof to)) return 3;
    if (listen(server, 1) || connect(client, (struct sockaddr *)&to, sizeof to)) return 4;
    int accepted = accept(server, NULL, NULL);
    char byte;
    close(accepted);
    if (read(client, &byte, 1) != 0) return 5;
    close(client);
    return 0;
}
