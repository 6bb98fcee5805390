@main
struct Gossan {
  static func main() {
    print("gossan")
  }
}
