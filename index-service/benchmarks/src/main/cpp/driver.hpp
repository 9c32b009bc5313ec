// What the drivers of C++ peers share: arguments, the mapped base, clocks, and the conversation with `arbalest bench ann`,
// which is specified in io.arbalest.benchmarks.ann.DriverProtocol.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace driver {

enum class Metric { l2, ip, cosine };

inline int64_t nanos(clockid_t clock) {
    timespec time{};
    clock_gettime(clock, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

// An unpacked fvecs file, mapped read-only. Rows are contiguous floats behind their int32 dimension.
class Vectors {
   public:
    explicit Vectors(const std::string& path) {
        int file = open(path.c_str(), O_RDONLY);
        struct stat status {};
        if (file < 0 || fstat(file, &status) != 0 || status.st_size < 8) {
            throw std::runtime_error("cannot read " + path);
        }
        bytes_ = status.st_size;
        void* mapped = mmap(nullptr, bytes_, PROT_READ, MAP_SHARED, file, 0);
        close(file);
        if (mapped == MAP_FAILED) {
            throw std::runtime_error("cannot map " + path);
        }
        start_ = static_cast<const char*>(mapped);
        int32_t dimension;
        std::memcpy(&dimension, start_, sizeof dimension);
        size_t stride = 4 + 4 * static_cast<size_t>(dimension);
        if (dimension < 1 || dimension > 65536 || bytes_ % stride != 0) {
            munmap(const_cast<char*>(start_), bytes_);
            throw std::runtime_error(path + " is not in the fvecs form");
        }
        dimension_ = dimension;
        rows_ = bytes_ / stride;
    }
    ~Vectors() { munmap(const_cast<char*>(start_), bytes_); }
    Vectors(const Vectors&) = delete;
    Vectors& operator=(const Vectors&) = delete;

    size_t rows() const { return rows_; }
    int dimension() const { return dimension_; }
    // A copy of a row; of unit length if `unit` is set, which makes inner product the cosine.
    void read(size_t row, bool unit, float* target) const {
        std::memcpy(target, start_ + row * (4 + 4 * static_cast<size_t>(dimension_)) + 4, 4 * dimension_);
        if (!unit) {
            return;
        }
        double squared = 0;
        for (int i = 0; i < dimension_; i++) {
            squared += static_cast<double>(target[i]) * target[i];
        }
        for (int i = 0; i < dimension_; i++) {
            target[i] = static_cast<float>(target[i] / std::sqrt(squared));
        }
    }

   private:
    const char* start_;
    size_t bytes_;
    size_t rows_;
    int dimension_;
};

struct Options {
    std::map<std::string, std::string> values;

    const std::string& text(const std::string& name) const {
        auto found = values.find(name);
        if (found == values.end()) {
            throw std::runtime_error("argument " + name + " is missing");
        }
        return found->second;
    }
    int number(const std::string& name) const { return std::stoi(text(name)); }
    Metric metric() const {
        const std::string& name = text("metric");
        if (name == "l2") return Metric::l2;
        if (name == "ip") return Metric::ip;
        if (name == "cosine") return Metric::cosine;
        throw std::runtime_error("metric " + name);
    }
};

// One system: built or loaded once, then searched by as many threads as it was told of.
class System {
   public:
    virtual ~System() = default;
    virtual void build() = 0;
    virtual void save(const std::string& path) = 0;
    virtual void load(const std::string& path) = 0;
    virtual int64_t bytes() const = 0;
    virtual void set_ef(int ef) = 0;
    // The k nearest to the query, best first; -1 where there is none.
    virtual void search(int thread, const float* query, int k, int32_t* found) = 0;
};

// Runs `work(i)` for i from 0 to count - 1 on several threads, each index once; rethrows the first failure.
template <typename Work>
void parallel(int threads, size_t count, Work work) {
    std::mutex lock;
    size_t next = 0;
    std::exception_ptr failure;
    auto run = [&](int thread) {
        for (;;) {
            size_t i;
            {
                std::lock_guard<std::mutex> guard(lock);
                if (next >= count || failure) return;
                i = next++;
            }
            try {
                work(thread, i);
            } catch (...) {
                std::lock_guard<std::mutex> guard(lock);
                if (!failure) failure = std::current_exception();
            }
        }
    };
    if (threads == 1) {
        for (size_t i = 0; i < count; i++) work(0, i);
        return;
    }
    std::vector<std::thread> pool;
    for (int thread = 0; thread < threads; thread++) pool.emplace_back(run, thread);
    for (auto& thread : pool) thread.join();
    if (failure) std::rethrow_exception(failure);
}

inline int64_t resident_kb() {
    int64_t pages = 0;
    if (FILE* file = std::fopen("/proc/self/statm", "r")) {
        long long all = 0, resident = 0;
        if (std::fscanf(file, "%lld %lld", &all, &resident) == 2) pages = resident;
        std::fclose(file);
    }
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

// Queries first .. first + count - 1, around the end if need be, in slices; each slice is timed on its own.
inline void search(System& system, const std::vector<float>& queries, int dimension, const Options& options,
                   std::istringstream& line) {
    int ef, first, count, slice;
    line >> ef >> first >> count >> slice;
    int threads = options.number("threads"), k = options.number("k");
    int all = static_cast<int>(queries.size() / dimension);
    if (!line || ef < 1 || first < 0 || first >= all || count < 1 || count > all || slice < 1) {
        throw std::runtime_error("malformed search");
    }
    system.set_ef(ef);
    std::vector<int64_t> latency(count);
    std::vector<int32_t> found(static_cast<size_t>(count) * k, -1);
    std::ostringstream times;
    for (int from = 0; from < count; from += slice) {
        int size = std::min(slice, count - from);
        int64_t cpu = nanos(CLOCK_PROCESS_CPUTIME_ID), wall = nanos(CLOCK_MONOTONIC);
        parallel(threads, size, [&](int thread, size_t i) {
            size_t at = from + i;
            int64_t began = nanos(CLOCK_MONOTONIC);
            system.search(thread, &queries[(first + at) % all * dimension], k, &found[at * k]);
            latency[at] = nanos(CLOCK_MONOTONIC) - began;
        });
        times << ' ' << nanos(CLOCK_PROCESS_CPUTIME_ID) - cpu << ' ' << nanos(CLOCK_MONOTONIC) - wall;
    }
    std::cout << "@turn" << times.str() << "\n@latency";
    for (int64_t value : latency) std::cout << ' ' << value;
    std::cout << "\n@found";
    for (int32_t value : found) std::cout << ' ' << value;
    std::cout << std::endl;
}

template <typename Make>
int run(int count, char** arguments, Make make) {
    try {
        Options options;
        for (int i = 1; i < count; i++) {
            std::string argument = arguments[i];
            size_t equals = argument.find('=');
            if (equals == std::string::npos) throw std::runtime_error("argument " + argument);
            options.values[argument.substr(0, equals)] = argument.substr(equals + 1);
        }
        Vectors base(options.text("base"));
        Vectors query_file(options.text("query"));
        int dimension = base.dimension();
        std::vector<float> queries(query_file.rows() * dimension);
        for (size_t i = 0; i < query_file.rows(); i++) {
            query_file.read(i, options.metric() == Metric::cosine, &queries[i * dimension]);
        }
        std::unique_ptr<System> system = make(options, base);
        int64_t cpu = nanos(CLOCK_PROCESS_CPUTIME_ID), wall = nanos(CLOCK_MONOTONIC);
        if (options.text("reuse") == "true") {
            system->load(options.text("index"));
        } else {
            system->build();
        }
        cpu = nanos(CLOCK_PROCESS_CPUTIME_ID) - cpu;
        wall = nanos(CLOCK_MONOTONIC) - wall;
        if (options.text("reuse") == "false" && !options.text("index").empty()) {
            system->save(options.text("index"));
        }
        std::cout << "@ready " << cpu << ' ' << wall << ' ' << system->bytes() << std::endl;
        std::string text;
        while (std::getline(std::cin, text)) {
            std::istringstream line(text);
            std::string command;
            line >> command;
            if (command == "search") {
                search(*system, queries, dimension, options, line);
            } else if (command == "rss") {
                std::cout << "@rss " << resident_kb() << std::endl;
            } else if (command == "quit") {
                return 0;
            } else {
                throw std::runtime_error("unknown command " + command);
            }
        }
        return 0;
    } catch (const std::exception& failure) {
        std::cout << "@failed " << failure.what() << std::endl;
        return 1;
    }
}

}  // namespace driver
