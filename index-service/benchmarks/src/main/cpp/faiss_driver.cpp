// Faiss' IndexHNSWFlat behind `arbalest bench ann`; see driver.hpp. Each thread keeps the visited table that Faiss' own search
// would allocate and clear for every call.
#include <faiss/IndexFlat.h>
#include <faiss/IndexHNSW.h>
#include <faiss/impl/AuxIndexStructures.h>
#include <faiss/impl/DistanceComputer.h>
#include <faiss/index_io.h>
#include <omp.h>

#include "driver.hpp"

namespace {

// Faiss walks towards small values: inner products are negated, as IndexHNSW does it inside.
class Negated : public faiss::DistanceComputer {
   public:
    explicit Negated(faiss::DistanceComputer* inner) : inner_(inner) {}
    void set_query(const float* query) override { inner_->set_query(query); }
    float operator()(idx_t i) override { return -(*inner_)(i); }
    float symmetric_dis(idx_t i, idx_t j) override { return -inner_->symmetric_dis(i, j); }

   private:
    std::unique_ptr<faiss::DistanceComputer> inner_;
};

class Faiss : public driver::System {
   public:
    Faiss(const driver::Options& options, const driver::Vectors& base)
        : options_(options), base_(base), l2_(options.metric() == driver::Metric::l2) {}

    void build() override {
        omp_set_num_threads(options_.number("threads"));
        index_ = std::make_unique<faiss::IndexHNSWFlat>(base_.dimension(), options_.number("m"),
                                                        l2_ ? faiss::METRIC_L2 : faiss::METRIC_INNER_PRODUCT);
        index_->hnsw.efConstruction = options_.number("ef-construction");
        std::vector<float> rows(base_.rows() * base_.dimension());
        bool unit = options_.metric() == driver::Metric::cosine;
        for (size_t i = 0; i < base_.rows(); i++) base_.read(i, unit, &rows[i * base_.dimension()]);
        index_->add(base_.rows(), rows.data());
        prepare();
    }

    void save(const std::string& path) override { faiss::write_index(index_.get(), (path + "/index.faiss").c_str()); }

    void load(const std::string& path) override {
        std::unique_ptr<faiss::Index> read(faiss::read_index((path + "/index.faiss").c_str()));
        auto* graph = dynamic_cast<faiss::IndexHNSWFlat*>(read.get());
        if (graph == nullptr) throw std::runtime_error("not an IndexHNSWFlat in " + path);
        read.release();
        index_.reset(graph);
        prepare();
    }

    int64_t bytes() const override {
        const faiss::HNSW& graph = index_->hnsw;
        return static_cast<int64_t>(index_->ntotal) * index_->d * sizeof(float) + graph.neighbors.size() * sizeof(int32_t) +
               graph.offsets.size() * sizeof(size_t) + graph.levels.size() * sizeof(int);
    }

    void set_ef(int ef) override { index_->hnsw.efSearch = ef; }

    void search(int thread, const float* query, int k, int32_t* found) override {
        std::vector<faiss::Index::idx_t> labels(k, -1);
        std::vector<float> distances(k);
        faiss::DistanceComputer& computer = *computers_[thread];
        computer.set_query(query);
        index_->hnsw.search(computer, k, labels.data(), distances.data(), *visited_[thread]);
        visited_[thread]->advance();
        // The k results come as a heap: worst first, in no further order.
        std::vector<std::pair<float, faiss::Index::idx_t>> sorted(k);
        for (int i = 0; i < k; i++) sorted[i] = {distances[i], labels[i]};
        std::sort(sorted.begin(), sorted.end());
        int count = 0;
        for (auto& [distance, label] : sorted) {
            if (label >= 0) found[count++] = static_cast<int32_t>(label);
        }
    }

   private:
    void prepare() {
        for (int i = 0; i < options_.number("threads"); i++) {
            visited_.push_back(std::make_unique<faiss::VisitedTable>(index_->ntotal));
            std::unique_ptr<faiss::DistanceComputer> computer(index_->storage->get_distance_computer());
            if (!l2_) computer = std::make_unique<Negated>(computer.release());
            computers_.push_back(std::move(computer));
        }
    }

    const driver::Options& options_;
    const driver::Vectors& base_;
    const bool l2_;
    std::unique_ptr<faiss::IndexHNSWFlat> index_;
    std::vector<std::unique_ptr<faiss::VisitedTable>> visited_;
    std::vector<std::unique_ptr<faiss::DistanceComputer>> computers_;
};

}  // namespace

int main(int count, char** arguments) {
    return driver::run(count, arguments, [](const driver::Options& options, const driver::Vectors& base) {
        return std::make_unique<Faiss>(options, base);
    });
}
