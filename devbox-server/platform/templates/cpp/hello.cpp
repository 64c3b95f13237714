#include <iostream>

int main()
{
  std::cout << "Hello from cpp\n";
}
