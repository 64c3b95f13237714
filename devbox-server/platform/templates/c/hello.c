#include <stdio.h>

int
main (void)
{
  puts ("Hello from c");

  return 0;
}
